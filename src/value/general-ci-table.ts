/**
 * Characters of the basic plane whose weight under utf8mb4_general_ci is not their own code, as runs in base 36:
 * distance from the run before, weight of the first, number, then the step between characters (1 or 2) and `d` when the
 * weights rise with the characters, `w` when all have the same.
 */
export const generalWeightRuns = [
  '2p,1t,q,1d 2c,po b,1t,6,1w 7,1v 1,1x,4,1w 4,21,4,1w 5,26,2,1d 2,27,4,1w 6,2d,4,1w 4,2h 2,2b 1,1t,6,1w 6,5i 1,1v',
  '1,1x,4,1w 4,21,4,1w 4,5s 1,26,2,1d 2,27,4,1w 5,60 1,2d,4,1w 4,2h 1,66 1,2h 1,1t,6,1w 6,1v,8,1w 8,1w,2,1w 3,7k',
  '1,1x,a,1w a,1z,8,1w 8,20,2,1w 3,86 1,21,a,1w b,8i 1,22,2,1w 2,23,2,1w 3,24,6,1w 7,8v,2,2d 3,26,6,1w 8,96',
  '1,27,6,1w 7,9e 1,2a,6,1w 6,2b,8,1w 8,2c,4,1w 5,9y 1,2d,c,1w c,2f,2,1w 2,2h,3,1w 3,2i,6,1w 6,2b 4,aq,2,2d 5,av',
  '4,az 6,b5 3,dy 4,bc 7,27,2,1w 3,bm,2,2d 5,br 5,bw 2,2d,2,1w 5,c3,2,2d 5,c8 4,cc 2,dz 6,ck,2,1w 3,cn,2,1w',
  '3,cq,2,1w 2,1t,2,1w 2,21,2,1w 2,27,2,1w 2,2d,a,1w a,b2 1,1t,4,1w 4,5i,2,1w 3,dg 1,1z,2,1w 2,23,2,1w 2,27,4,1w',
  '4,c7,2,1w 2,22 2,dt,2,1w 2,1z,2,1w 4,26,2,1w 2,1t,2,1w 2,5i,2,1w 2,60,2,1w 2,1t,4,1w 4,1x,4,1w 4,21,4,1w',
  '4,27,4,1w 4,2a,4,1w 4,2d,4,1w 4,2b,2,1w 2,2c,2,1w 3,f0 1,20,2,1w 5,f6,2,2d 3,1t,2,1w 2,1x,2,1w 2,27,8,1w',
  '8,2h,2,1w x,ap 1,au 2,ax,2,1d 3,b3 2,b4 5,b7 3,b8 5,bb 1,ba 6,bg 3,bh 3,bj b,bq 3,bt 5,by 2,c1,2,1d 8,c7 4z,pl',
  '1t,pd 2,ph 1,pj 1,pl 2,pr 2,px 1,q1 1,pl q,pl 1,px 1,pd 1,ph 1,pj 1,pl 1,px 1,pd,h,1d h,pv,2,1w 2,pw,6,1d 6,pl',
  '1,px 1,pr 1,px 1,q1 2,pe 1,pk 2,r6,2,1w 2,py 1,ps 5,re,b,2d l,pm 1,pt 1,pv e,t1,2,1w 3,sz 4,sm 5,t6 1,t4 1,tf',
  'y,sw,w,1d w,t1,2,1w 2,si 1,sz 1,sk,3,1d 3,sm 1,so,4,1d 4,t6 1,t4 1,tf 1,sv 2,v4,b,2d l,vo,2,1w 3,vs,5,2d',
  'k,wc,q,2d 1g,t2,2,1w 3,xv 4,xz 4,y3 4,sw,4,1w 5,yc 1,t1,2,1w 3,yg,3,1w 3,t2,2,1w 2,t3,2,1w 3,yo 1,t4,4,1w',
  '4,ta,2,1w 3,yw,3,1w 3,tp,2,1w 2,tf,6,1w 6,tj,2,1w 4,tn,2,1w 2x,10x,12,1d 4v3,1t,2,1w 2,1u,6,1w 6,1v,2,1w',
  '2,1w,a,1w a,1x,a,1w a,1y,2,1w 2,1z,2,1w 2,20,a,1w a,21,4,1w 4,23,6,1w 6,24,8,1w 8,25,6,1w 6,26,8,1w 8,27,8,1w',
  '8,28,4,1w 4,2a,8,1w 8,2b,a,1w a,2c,8,1w 8,2d,a,1w a,2e,4,1w 4,2f,a,1w a,2g,4,1w 4,2h,2,1w 2,2i,6,1w 6,20 1,2c',
  '1,2f 1,2h 2,2b 5,1t,o,1w o,1x,g,1w g,21,4,1w 4,27,o,1w o,2d,e,1w e,2h,8,1w e,pd,g,1w g,ph,6,1w 8,ph,6,1w',
  '8,pj,g,1w g,pl,g,1w g,pr,6,1w 8,pr,6,1w 8,px,8,1w 9,px,4,2w 7,q1,g,1w g,pd 1,69n 1,ph 1,6a1 1,pj 1,6a3 1,pl',
  '1,6aj 1,pr 1,6bd 1,px 1,6az 1,q1 1,6bf 3,pd,g,1w g,pj,g,1w g,q1,g,1w g,pd,5,1w 6,pd,5,1w 6,pd 2,pl 4,pj,3,1w',
  '4,pj,2,1w 2,ph,2,2d 4,pj 4,pl,3,1w 6,pl,5,1w a,px,3,1w 4,pt,2,1w 2,px,5,1w 6,pt 6,q1,3,1w 4,q1,2,1w 2,pr',
  '2,q1,2,2w ae,6lc,g,1d o0,792,q,1d 175d,1ee9,q,1d',
].join(' ');
